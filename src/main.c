#include "driver/qv_driver.h"

int main(int argc, char **argv)
{
  return qv_driver_main(argc, argv, qv_task_table());
}
